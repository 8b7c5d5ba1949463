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
      claimed[#claimed + 1] = { id, found[1][2], deliveries, redis.call('HGET', KEYS[2], id) or '' }
    end
  end
end
local cursor = ''
if #page == tonumber(ARGV[4]) then cursor = '(' .. page[#page][1] end
-- Only the history of what was claimed needs the time: mostly there is nothing.
return { cursor, #claimed > 0 and now_ms() or 0, claimed, missing }
