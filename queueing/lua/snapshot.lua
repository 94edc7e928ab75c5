-- The whole picture: who waits, who is there, by which plan.
--
-- KEYS    see prelude.lua
-- ARGV    none of its own
-- RETURNS JSON: generation, last (number of the last change in it), plan (TOML or null),
--         waiting: [what it asks for, sticky] in order,
--         counselors: [profile, state, idle, busy, on], numbers as text
-- INVARIANT Changes nothing, but names the generation of data that has no name yet. One text, put
--           together from texts that are JSON already; with ten thousand who wait it holds Redis
--           up for a tenth of a second, so nobody asks for it but at the start or in doubt.
local STEP = 1000 -- more arguments at once would not fit on Lua's stack

local function waiting()
  local rows = {}
  local line = call('ZRANGE', WAITING, 0, -1)
  for first = 1, #line, STEP do
    local last = math.min(first + STEP - 1, #line)
    for i, asks in ipairs(call('HMGET', CONTACTS, unpack(line, first, last))) do
      local sticky = call('HGET', CONTACT .. line[first + i - 1], 'sticky')
      local n = #rows
      rows[n + 1], rows[n + 2] = n == 0 and '[' or ',[', asks or 'null'
      rows[n + 3] = (sticky and sticky ~= '') and ',' .. quoted(sticky) .. ']' or ',""]'
    end
  end
  return table.concat(rows)
end

local function counselors()
  local rows = {}
  local profiles = call('HGETALL', PROFILES)
  for i = 1, #profiles, 2 do
    local held = call('HMGET', COUNSELOR .. profiles[i], 'state', 'idle', 'busy', 'on')
    rows[#rows + 1] = string.format('[%s,"%s","%s","%s","%s"]', profiles[i + 1], held[1],
      held[2] or '0', held[3] or '0', held[4] or '0')
  end
  return table.concat(rows, ',')
end

call('SET', GENERATION, SEED, 'NX')
local last = call('XREVRANGE', CHANGES, '+', '-', 'COUNT', 1)[1]
local plan = call('HGET', PLAN, 'text')
return table.concat({
  '{"generation":', quoted(call('GET', GENERATION)), ',"last":"', last and last[1] or '0-0',
  '","plan":', plan and cjson.encode(plan) or 'null', ',"waiting":[', waiting(),
  '],"counselors":[', counselors(), ']}',
})
