-- Hands deliveries back, unfinished and uncounted: a delivery count of 0 says "handed over", and an idle time
-- longer than any lease makes them claimable at once. Allowed even when Redis is out of memory.
-- KEYS: stream. ARGV: group, consumer, first id, last id, ids…
local ids = rest_of(ARGV, 5)
local mine = by_holder(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ids)
for _, id in ipairs(mine) do
  redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'IDLE', 1000000000, 'RETRYCOUNT', 0, 'JUSTID')
end
return #mine
