-- Removes consumers that were silent for long and hold nothing. One script, for DELCONSUMER drops what is pending.
-- KEYS: stream. ARGV: group, silent ms, only this consumer ('' all). Returns their names.
local removed = {}
for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for i = 1, #info, 2 do consumer[info[i]] = info[i + 1] end
  local is_asked = ARGV[3] == '' or ARGV[3] == consumer['name']
  if is_asked and consumer['pending'] == 0 and consumer['idle'] >= tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer['name'])
    removed[#removed + 1] = consumer['name']
  end
end
return removed
