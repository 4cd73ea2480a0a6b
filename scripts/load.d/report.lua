-- Prints what came of a run on one line, and fails where a request was not answered with success.
function done(summary, latency, requests)
   local errors = summary.errors
   local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
   io.stderr:write(string.format(
      "scripts/load: %s: %d requests, %.0f a second, p50 %.1f ms, p99 %.1f ms, %d failed\n",
      wrk.path, summary.requests, summary.requests / (summary.duration / 1e6),
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed))
   if failed > 0 or summary.requests == 0 then
      os.exit(1)
   end
end
