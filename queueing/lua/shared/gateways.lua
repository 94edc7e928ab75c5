-- Which gateways have said what they do, and what they know that Redis may have lost.
--
-- SHARED  nothing

-- The run of this Redis: another after every start.
local function run()
  return string.match(call('INFO', 'server'), 'run_id:(%x+)')
end

-- How many gateways have beaten, but not since Redis started: what they do is not known here.
local function unheard()
  local present, count = run(), 0
  local beaten = call('HGETALL', BEATEN)
  for i = 1, #beaten, 2 do
    if beaten[i + 1] ~= present and call('ZSCORE', GATEWAYS, beaten[i]) then count = count + 1 end
  end
  return count
end

-- No number up to this one is given to an offer any more: Redis may have lost the last it gave.
local function number_given(number)
  if number > tonumber(call('GET', OFFER_NUMBER) or 0) then
    call('SET', OFFER_NUMBER, whole(number))
  end
end
