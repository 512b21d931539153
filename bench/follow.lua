-- Follows the links of a file, one path a line, over and over; with a second argument, pauses for so many ms on average.
local paths, at, count = {}, 0, 0

function init(arguments)
  local agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
  local headers = { ["User-Agent"] = agent, ["Accept"] = "text/html", ["Accept-Language"] = "fr,en;q=0.8" }
  for path in io.lines(arguments[1]) do
    count = count + 1
    paths[count] = wrk.format("GET", path, headers)
  end
  local pause = tonumber(arguments[2])
  if pause then
    delay = function() return math.random(0, 2 * pause) end
  end
  at = math.random(0, count - 1)
end

function request()
  at = at % count + 1
  return paths[at]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '{"answered":%d,"failed":%d,"duration_us":%d,"p50_us":%.1f,"p99_us":%.1f}\n',
    summary.requests - errors.status, failed, summary.duration, latency:percentile(50), latency:percentile(99)))
end
