-- Gives a lease up, keeping its generation. KEYS: lease. ARGV: holder.
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'until', '0')
return 1
