-- Acks what this consumer holds. KEYS: stream, history. ARGV: group, consumer, first id, last id,
-- delete (1: the entry has no other reader), ids…
-- Returns how many another consumer holds.
local function ack(ids, from)
  redis.call('XACK', KEYS[1], ARGV[1], unpack(ids, from))
  if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('HDEL', KEYS[2], unpack(ids, from)) end
  if ARGV[5] == '1' then redis.call('XDEL', KEYS[1], unpack(ids, from)) end
end

-- Where nobody else holds anything, no id can be another's: that answer is one line, not one for each id.
local holders = redis.call('XPENDING', KEYS[1], ARGV[1])[4] or {}
if #holders == 1 and holders[1][1] == ARGV[2] then
  ack(ARGV, 6)
  return 0
end
local mine, others = by_holder(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], rest_of(ARGV, 6))
if #mine > 0 then ack(mine, 1) end
return #others
