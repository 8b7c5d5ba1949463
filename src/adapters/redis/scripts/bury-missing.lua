-- Acks an entry that was deleted from the stream while it was pending, leaving a dead letter that says so.
-- KEYS: stream, history, dead-letter stream. ARGV: group, id, failure.
-- Returns 'moved', or 'gone' when it is not pending or exists after all.
if not holder_of(KEYS[1], ARGV[1], ARGV[2]) then return 'gone' end
if #redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2]) > 0 then return 'gone' end
redis.call('XADD', KEYS[3], '*', 'failure', ARGV[3])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('HDEL', KEYS[2], ARGV[2])
return 'moved'
