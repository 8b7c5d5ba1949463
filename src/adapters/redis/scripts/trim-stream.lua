-- Trims a stream to its retention, never past what some group has not acked.
-- KEYS: stream. ARGV: max length ('' none), max age ms ('' none), limit, expected groups…
-- Returns {removed, ''}, or {0, missing group}: a group that would read from the start holds everything.

local function after(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  local n = tonumber(seq)
  if n >= 9007199254740991 then return id end
  return ms .. '-' .. string.format('%.0f', n + 1)
end

if redis.call('EXISTS', KEYS[1]) == 0 then return { 0, '' } end
local present, floor = {}, nil
for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #info, 2 do group[info[i]] = info[i + 1] end
  present[group['name']] = true
  local keep = after(group['last-delivered-id'])
  if group['pending'] > 0 then keep = redis.call('XPENDING', KEYS[1], group['name'])[2] end
  if floor == nil or id_less(keep, floor) then floor = keep end
end
for i = 4, #ARGV do
  if not present[ARGV[i]] then return { 0, ARGV[i] } end
end

local limit = tonumber(ARGV[3])
if limit < 1 then return { 0, '' } end
local cut = nil
if ARGV[1] ~= '' then
  local excess = redis.call('XLEN', KEYS[1]) - tonumber(ARGV[1])
  if excess > 0 then
    local page = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', math.min(excess, limit))
    cut = after(page[#page][1])
  end
end
if ARGV[2] ~= '' then
  local oldest = string.format('%.0f', now_ms() - tonumber(ARGV[2])) .. '-0'
  local page = redis.call('XRANGE', KEYS[1], '-', '(' .. oldest, 'COUNT', limit)
  if #page > 0 then
    local by_age = after(page[#page][1])
    if cut == nil or id_less(cut, by_age) then cut = by_age end
  end
end
if cut == nil then return { 0, '' } end
if floor ~= nil and id_less(floor, cut) then cut = floor end
return { redis.call('XTRIM', KEYS[1], 'MINID', '=', cut), '' }
