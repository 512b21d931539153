-- Posts each body of a file once: eight decimal digits of length, then the body, and so on.
local bodies, headers

function init(arguments)
  bodies = assert(io.open(arguments[1], "rb"))
  headers = { ["Content-Type"] = "application/json" }
  for i = 2, #arguments do
    local name, value = arguments[i]:match("^([^:]+):(.*)$")
    headers[name] = value
  end
end

function request()
  local length = bodies:read(8)
  if not length then error("out of prepared bodies: prepare more, or run for less long") end
  return wrk.format("POST", nil, headers, bodies:read(tonumber(length)))
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '{"answered":%d,"failed":%d,"duration_us":%d,"p50_us":%.1f,"p99_us":%.1f}\n',
    summary.requests - errors.status, failed, summary.duration, latency:percentile(50), latency:percentile(99)))
end
