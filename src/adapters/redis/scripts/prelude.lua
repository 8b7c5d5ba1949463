-- Shared by the scripts that settle: put in front of each when it is loaded.
-- A history record is "failures,crashes,inHand,notBeforeMs,firstFailedAt".

local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- The consumer that holds an entry, or false when it is not pending; and its delivery count.
local function holder_of(stream, group, id)
  local found = redis.call('XPENDING', stream, group, id, id, 1)
  if #found == 0 then return false, 0 end
  return found[1][2], found[1][4]
end

-- Splits ids into those `consumer` holds, those another holds, and those nobody does.
-- `first` and `last` bound the ids: one range query answers for a whole batch.
local function by_holder(stream, group, consumer, first, last, ids)
  local mine, others, gone, is_mine = {}, {}, {}, {}
  local page = redis.call('XPENDING', stream, group, first, last, #ids, consumer)
  for _, entry in ipairs(page) do is_mine[entry[1]] = true end
  for _, id in ipairs(ids) do
    if is_mine[id] then
      mine[#mine + 1] = id
    else
      local holder = holder_of(stream, group, id)
      if holder == consumer then
        mine[#mine + 1] = id
      elseif holder then
        others[#others + 1] = id
      else
        gone[#gone + 1] = id
      end
    end
  end
  return mine, others, gone
end

local function rest_of(values, from)
  local rest = {}
  for i = from, #values do rest[#rest + 1] = values[i] end
  return rest
end

-- Ids are pairs of 64-bit numbers: compared as text, for a double would round them.
local function digits_less(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end

local function id_less(a, b)
  local a_ms, a_seq = string.match(a, '^(%d+)-(%d+)$')
  local b_ms, b_seq = string.match(b, '^(%d+)-(%d+)$')
  if a_ms ~= b_ms then return digits_less(a_ms, b_ms) end
  return digits_less(a_seq, b_seq)
end

-- Whether an entry may have been deleted from the stream: cheap, and never wrong when it says no.
local function deletion_test(stream)
  local info, first, deleted = redis.call('XINFO', 'STREAM', stream), nil, '0-0'
  for i = 1, #info, 2 do
    if info[i] == 'first-entry' and info[i + 1] then first = info[i + 1][1] end
    if info[i] == 'max-deleted-entry-id' then deleted = info[i + 1] end
  end
  return function(id) return first == nil or id_less(id, first) or not id_less(deleted, id) end
end
