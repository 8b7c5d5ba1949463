-- Reads entries this consumer holds, with their histories, changing nothing.
-- KEYS: stream, history. ARGV: ids… Returns: server time, {id, fields or '' when missing, record}.
local entries = {}
for _, id in ipairs(ARGV) do
  local found = redis.call('XRANGE', KEYS[1], id, id)
  local fields = ''
  if #found > 0 then fields = found[1][2] end
  entries[#entries + 1] = { id, fields, redis.call('HGET', KEYS[2], id) or '' }
end
return { now_ms(), entries }
