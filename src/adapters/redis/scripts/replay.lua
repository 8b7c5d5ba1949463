-- Moves a dead letter to its subscription's replay stream.
-- KEYS: dead-letter stream, replay stream. ARGV: id, replay origin. Returns 1, or 0 when there is no such dead letter.
local found = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
if #found == 0 then return 0 end
local fields = found[1][2]
if fields[#fields - 1] == 'failure' then
  fields[#fields] = nil
  fields[#fields] = nil
end
fields[#fields + 1] = 'replay'
fields[#fields + 1] = ARGV[2]
redis.call('XADD', KEYS[2], '*', unpack(fields))
redis.call('XDEL', KEYS[1], ARGV[1])
return 1
