-- The whole picture: who waits, who is there, by which plan.
--
-- KEYS    see prelude.lua
-- SHARED  gateways
-- ARGV    none of its own
-- RETURNS generation; number of the last change in it; plan (TOML, or nothing); how many gateways
--         have not said what they do since Redis started; who waits, in order, a line each: contact,
--         score, sticky, who was tried, what was open, JSON of what it asks for; who is there, a line
--         each: counselor, state, idle, busy, available, since, JSON of the profile; with tabs
--         between
-- INVARIANT Changes nothing, but names the generation of data that has no name yet. What cannot be
--           read is a line like any other, and whoever reads it sees whose. With ten thousand who
--           wait it holds Redis up for a twentieth of a second, so nobody asks for it but at the
--           start or in doubt.
local STEP = 1000 -- more arguments at once would not fit on Lua's stack

-- As one field of one line: JSON that we wrote has neither tab nor line break.
local function field(text)
  if not text then return '' end
  return string.find(text, '[\t\n]') and string.gsub(text, '[\t\n]', ' ') or text
end

local function waiting()
  local rows = {}
  local line = call('ZRANGE', WAITING, 0, -1)
  for first = 1, #line, STEP do
    local last = math.min(first + STEP - 1, #line)
    for i, asks in ipairs(call('HMGET', CONTACTS, unpack(line, first, last))) do
      local contact = line[first + i - 1]
      local held = call('HMGET', CONTACT .. contact, 'score', 'sticky', 'tried', 'opened')
      rows[#rows + 1] = field(contact) .. '\t' .. (held[1] or '') .. '\t' .. field(held[2])
        .. '\t' .. field(held[3]) .. '\t' .. field(held[4])
        .. '\t' .. field(asks)
    end
  end
  return table.concat(rows, '\n')
end

local function counselors()
  local rows = {}
  local profiles = call('HGETALL', PROFILES)
  for i = 1, #profiles, 2 do
    local held = call('HMGET', COUNSELOR .. profiles[i], 'state', 'idle', 'busy', 'available',
      'since')
    rows[#rows + 1] = table.concat({
      field(profiles[i]), held[1] or '', held[2] or '0', held[3] or '0', held[4] or '0',
      held[5] or '0', field(profiles[i + 1]),
    }, '\t')
  end
  return table.concat(rows, '\n')
end

call('SET', GENERATION, SEED, 'NX')
local last = call('XREVRANGE', CHANGES, '+', '-', 'COUNT', 1)[1]
return {
  call('GET', GENERATION), last and last[1] or '0-0', call('HGET', PLAN, 'text'), unheard(),
  waiting(), counselors(),
}
