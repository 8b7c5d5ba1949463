-- Reads entries this consumer holds, with their histories, and renews their lease.
-- KEYS: stream, history. ARGV: group, consumer, ids… Returns: server time, {id, fields or '' when missing, record}.
local entries = {}
for _, id in ipairs(rest_of(ARGV, 3)) do
  if holder_of(KEYS[1], ARGV[1], id) == ARGV[2] then
    local found = redis.call('XRANGE', KEYS[1], id, id)
    local fields = ''
    if #found > 0 then
      fields = found[1][2]
      redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'JUSTID')
    end
    entries[#entries + 1] = { id, fields, redis.call('HGET', KEYS[2], id) or '' }
  end
end
return { now_ms(), entries }
