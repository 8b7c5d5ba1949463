-- Acks what this consumer holds. KEYS: stream, history. ARGV: group, consumer, first id, last id,
-- delete (1: the entry has no other reader), ids…
-- Returns how many another consumer holds.
local ids = rest_of(ARGV, 6)
local mine, others = by_holder(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ids)
if #mine > 0 then
  redis.call('XACK', KEYS[1], ARGV[1], unpack(mine))
  if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('HDEL', KEYS[2], unpack(mine)) end
  if ARGV[5] == '1' then redis.call('XDEL', KEYS[1], unpack(mine)) end
end
return #others
