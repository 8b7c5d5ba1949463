-- Renews the lease on what this consumer holds, and leaves alone what it does not.
-- KEYS: stream. ARGV: group, consumer, first id, last id, ids…
-- Returns the ids that another consumer holds, or nobody. An entry that was deleted from the stream stays pending and is
-- not renewed (XCLAIM would drop it without a trace): it gets a dead letter from whoever settles or claims it.
local ids = rest_of(ARGV, 5)
local mine, others, gone = by_holder(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ids)
local lost = {}
for _, id in ipairs(others) do lost[#lost + 1] = id end
for _, id in ipairs(gone) do lost[#lost + 1] = id end
if #mine == 0 then return lost end

local may_be_deleted = deletion_test(KEYS[1])
local args = { 'XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0 }
for _, id in ipairs(mine) do
  if not may_be_deleted(id) or #redis.call('XRANGE', KEYS[1], id, id) > 0 then args[#args + 1] = id end
end
if #args > 5 then
  args[#args + 1] = 'JUSTID'
  redis.call(unpack(args))
end
return lost
