-- Deletes exactly the dead letters older than a time, by the server's clock, at most `limit` a call.
-- KEYS: dead-letter stream. ARGV: age ms, limit. Returns how many it deleted.
local cut = string.format('%.0f', now_ms() - tonumber(ARGV[1])) .. '-0'
local old = redis.call('XRANGE', KEYS[1], '-', '(' .. cut, 'COUNT', ARGV[2])
if #old == 0 then return 0 end
local ids = {}
for _, entry in ipairs(old) do ids[#ids + 1] = entry[1] end
return redis.call('XDEL', KEYS[1], unpack(ids))
