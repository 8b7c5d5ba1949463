-- Reads entries this consumer holds, with their histories, and renews their lease. One it had handed over counts as
-- delivered again: should it be lost now, that is a crash like any other.
-- KEYS: stream, history. ARGV: group, consumer, ids… Returns: server time, {id, fields or '' when missing, record}.
local entries = {}
for _, id in ipairs(rest_of(ARGV, 3)) do
  local holder, deliveries = holder_of(KEYS[1], ARGV[1], id)
  if holder == ARGV[2] then
    local found = redis.call('XRANGE', KEYS[1], id, id)
    local fields, record = '', redis.call('HGET', KEYS[2], id) or ''
    if #found > 0 then
      fields = found[1][2]
      redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'RETRYCOUNT', math.max(deliveries, 1), 'JUSTID')
      if deliveries == 0 and string.match(record, '^[^,]*,[^,]*,1,') then
        record = string.gsub(record, '^([^,]*,[^,]*),1,', '%1,0,')
        redis.call('HSET', KEYS[2], id, record)
      end
    end
    entries[#entries + 1] = { id, fields, record }
  end
end
return { now_ms(), entries }
