-- Moves an entry to the dead-letter stream and acks it, in that order: should the write be refused, the script ends
-- before the ack and the entry stays pending. The bytes are copied here, never through a client.
-- KEYS: stream, history, dead-letter stream. ARGV: group, consumer, id, failure, delete (1: the entry has no other reader).
-- Returns 'moved', 'gone' or 'fenced'.
local holder = holder_of(KEYS[1], ARGV[1], ARGV[3])
if not holder then return 'gone' end
if holder ~= ARGV[2] then return 'fenced' end

-- unpack() takes at most about 8,000 values: a wider entry travels as one field of length-prefixed strings.
local MAGIC = '\0packed\0'
local found = redis.call('XRANGE', KEYS[1], ARGV[3], ARGV[3])
local fields = {}
if #found > 0 then fields = found[1][2] end
local is_replayed = ARGV[5] == '1'
if is_replayed and fields[#fields - 1] == 'replay' then
  fields[#fields] = nil
  fields[#fields] = nil
end
-- An entry that only looks packed is packed itself, so that the form is never ambiguous.
local looks_packed = #fields == 2 and fields[1] == 'packed' and string.sub(fields[2], 1, #MAGIC) == MAGIC
if #fields > 7000 or (looks_packed and not is_replayed) then
  local parts = { MAGIC }
  for _, value in ipairs(fields) do parts[#parts + 1] = #value .. ':' .. value end
  fields = { 'packed', table.concat(parts) }
end
fields[#fields + 1] = 'failure'
fields[#fields + 1] = ARGV[4]

redis.call('XADD', KEYS[3], '*', unpack(fields))
redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
redis.call('HDEL', KEYS[2], ARGV[3])
if is_replayed then redis.call('XDEL', KEYS[1], ARGV[3]) end
return 'moved'
