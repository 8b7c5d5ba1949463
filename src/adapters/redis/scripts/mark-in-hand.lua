-- Stores that an entry is about to run alone: should its holder be lost now, the crash is charged to it.
-- KEYS: stream, history. ARGV: group, consumer, id, failures, crashes, first failed at, keep ms.
-- Returns 1, or 0 when another consumer holds the entry or nobody does.
if holder_of(KEYS[1], ARGV[1], ARGV[3]) ~= ARGV[2] then return 0 end
-- A failure counted since the delivery is in the record alone: it wins over what the consumer was told.
local failures, first_failed_at = ARGV[4], ARGV[6]
local record = redis.call('HGET', KEYS[2], ARGV[3])
if record then failures, first_failed_at = string.match(record, '^([^,]*),[^,]*,[^,]*,[^,]*,(.*)$') end
redis.call('HSET', KEYS[2], ARGV[3], table.concat({ failures, ARGV[5], '1', '0', first_failed_at }, ','))
redis.call('PEXPIRE', KEYS[2], ARGV[7])
return 1
