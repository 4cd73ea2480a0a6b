// Subscribes by the reference client of graphql-transport-ws, and prints what it is sent, a line of JSON each:
//
//   node client.js URL COUNT QUERY [TOKEN]
//
// It ends after COUNT results, by completing the subscription, and with status 1 when it is refused.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, count, query, token] = process.argv.slice(2);
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  retryAttempts: 0,
  keepAlive: 1_000,
  connectionParams: token ? { authorization: `Bearer ${token}` } : undefined,
  on: {
    connected: () => print({ connected: true }),
    closed: ({ code, reason }) => print({ closed: code, reason }),
    pong: () => print({ pong: true }),
  },
});
const subscription = client.iterate({ query });
try {
  let left = Number(count);
  for await (const result of subscription) {
    print(result);
    left -= 1;
    if (left <= 0) {
      break;
    }
  }
} catch (error) {
  print({ error: Array.isArray(error) ? error.map(({ message }) => message) : String(error?.reason ?? error) });
  process.exitCode = 1;
}
await client.dispose();
