-- Stores a counted failure; the delivery stays with its holder.
-- KEYS: stream, history. ARGV: group, consumer, id, failures, crashes, delay ms, first failed at, keep ms.
-- Returns 1, or 0 when another consumer holds the entry or nobody does.
if holder_of(KEYS[1], ARGV[1], ARGV[3]) ~= ARGV[2] then return 0 end
local not_before = string.format('%.0f', now_ms() + tonumber(ARGV[6]))
redis.call('HSET', KEYS[2], ARGV[3], table.concat({ ARGV[4], ARGV[5], '0', not_before, ARGV[7] }, ','))
redis.call('PEXPIRE', KEYS[2], ARGV[8])
return 1
