-- Counts a call if its subject has made fewer than the limit within the window before now.
-- KEYS[1]: when its calls were let pass, in microseconds, the latest first. ARGV: limit, window in microseconds.
-- Returns: 1 if the call passes, how many more would, after how many microseconds the next place is free.
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local latest = tonumber(redis.call('LINDEX', KEYS[1], 0))
if latest and latest > now then
    -- The clock was set back. What lies ahead would stay for as long: begin anew.
    redis.call('DEL', KEYS[1])
end
local oldest = tonumber(redis.call('LINDEX', KEYS[1], -1))
while oldest and oldest <= now - window do
    redis.call('RPOP', KEYS[1])
    oldest = tonumber(redis.call('LINDEX', KEYS[1], -1))
end

local used = redis.call('LLEN', KEYS[1])
if used >= limit then
    -- More than the limit where it was lowered meanwhile: those above it have to go first.
    local next_to_go = tonumber(redis.call('LINDEX', KEYS[1], limit - 1))
    return { 0, 0, next_to_go + window - now }
end
-- A number on its own would be written with 14 digits.
redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
return { 1, limit - used - 1, (oldest or now) + window - now }
