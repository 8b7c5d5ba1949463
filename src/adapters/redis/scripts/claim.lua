-- Takes over entries whose holder's lease ran out. One page of the pending entries list; writes nothing that
-- Redis refuses when it is out of memory.
-- KEYS: stream, history. ARGV: group, consumer, minimum idle ms, page size, first id.
-- Returns: cursor ('' at the end), server time, claimed {id, fields, delivery count before, record}, missing ids.
-- Missing entries (deleted while pending) are left pending: XCLAIM would drop them without a trace.
local page = redis.call('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[3], ARGV[5], '+', ARGV[4])
local claimed, missing = {}, {}
for _, entry in ipairs(page) do
  local id, holder, deliveries = entry[1], entry[2], entry[4]
  if holder ~= ARGV[2] then
    local found = redis.call('XRANGE', KEYS[1], id, id)
    if #found == 0 then
      missing[#missing + 1] = id
    else
      redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'RETRYCOUNT', deliveries + 1, 'JUSTID')
      local record = redis.call('HGET', KEYS[2], id) or ''
      if deliveries == 0 and string.match(record, '^[^,]*,[^,]*,1,') then
        -- It was handed over: the mark was that holder's, and must not be charged to the next one.
        record = string.gsub(record, '^([^,]*,[^,]*),1,', '%1,0,')
        redis.call('HSET', KEYS[2], id, record)
      end
      claimed[#claimed + 1] = { id, found[1][2], deliveries, record }
    end
  end
end
local cursor = ''
if #page == tonumber(ARGV[4]) then cursor = '(' .. page[#page][1] end
-- Only the history of what was claimed needs the time: mostly there is nothing.
return { cursor, #claimed > 0 and now_ms() or 0, claimed, missing }
