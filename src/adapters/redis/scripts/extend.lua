-- Renews the lease on what this consumer holds, and leaves alone what it does not.
-- KEYS: stream. ARGV: group, consumer, first id, last id, ids…
-- Returns the ids it no longer holds (taken over, settled, or deleted from the stream).
local ids = rest_of(ARGV, 5)
local mine, others, gone = by_holder(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ids)
local lost = {}
for _, id in ipairs(others) do lost[#lost + 1] = id end
for _, id in ipairs(gone) do lost[#lost + 1] = id end
if #mine > 0 then
  local args = { 'XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0 }
  for _, id in ipairs(mine) do args[#args + 1] = id end
  args[#args + 1] = 'JUSTID'
  local kept = {}
  for _, id in ipairs(redis.call(unpack(args))) do kept[id] = true end
  for _, id in ipairs(mine) do
    if not kept[id] then lost[#lost + 1] = id end
  end
end
return lost
