-- Takes or renews a lease. KEYS: lease. ARGV: holder, ttl ms. Returns its generation, or 0 while another holds it.
local lease = redis.call('HMGET', KEYS[1], 'holder', 'until', 'generation')
local now = now_ms()
local generation = tonumber(lease[3] or '0')
if lease[1] and lease[1] ~= ARGV[1] and tonumber(lease[2]) > now then return 0 end
if lease[1] ~= ARGV[1] or tonumber(lease[2]) <= now then generation = generation + 1 end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', string.format('%.0f', now + tonumber(ARGV[2])), 'generation', generation)
return generation
