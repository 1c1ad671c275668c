// What a page in TypeScript may write, and what it may not: compiled, never run.
import { Tidings, TidingsError, type Message, type Options, type State, type Subscription, type Transport } from "tidings-client";

const options: Options = { token: async () => "t", transports: ["websocket", "poll"], storage: null, rate: null };
const tidings = new Tidings("/realtime", options);
new Tidings(new URL("https://example.com/realtime"), { token: "t", backoff: { max: 5000 }, WebSocket: class {} });
new Tidings();
// @ts-expect-error there is no such transport
new Tidings("/realtime", { transports: ["pigeon"] });

tidings.connect();
const state: State = tidings.state;
const transport: Transport | null = tidings.transport;
const id: string | null = tidings.id;

const off: () => void = tidings.on("state", ({ state, previous, reason, code, retryIn, attempt }) => {
  const all: [State, State, string | undefined, number | undefined, number | undefined, number | undefined] = [
    state,
    previous,
    reason,
    code,
    retryIn,
    attempt,
  ];
  return all;
});
off();
tidings.on("gap", ({ channel, reason, text }) => [channel?.length, reason, text]);
tidings.on("transport", ({ transport, previous }) => [transport, previous]);
tidings.on("error", ({ code, reason, channel }) => [code, reason, channel]);
tidings.on("direct", async ({ event, data, bytes }) => [event, data, bytes?.length]);
tidings.on("welcome", ({ connection, user, again }) => [connection, user, again]);
tidings.on("subscribed", ({ subscription }) => subscription.channel);
// @ts-expect-error there is no such event
tidings.on("stat", () => {});
tidings.onEvent("notice", ({ data }) => data);
tidings.onRequest("confirm", async (data, { event, bytes }) => [data, event, bytes]);

const room: Subscription = tidings.subscribe("chat:lobby", { presence: true, since: "1-a" });
room.on("message", (message: Message) => [message.data, message.user, message.position]);
room.on("presence", ({ members, entered }) => [members.get("x")?.user, entered[0]?.data]);
// @ts-expect-error only `subscribe` makes one
new Subscription();

async function use() {
  await room.ready;
  const { outcome, position } = await room.publish({ text: "hello" }, { event: "e", echo: false });
  const local: boolean = outcome === "local_only";
  await room.enter({ name: "Ada" });
  await room.update(new Uint8Array(1));
  await room.leave();
  const { messages, more, epoch } = await room.history({ limit: 10, backwards: true });
  await room.unsubscribe();
  await tidings.publish("a", 1);
  await tidings.send("cursor", [3, 4]);
  const answer: { time: string } = await tidings.request("time", { zone: "UTC" }, { timeout: 1000, signal: AbortSignal.timeout(5) });
  await tidings.use("sse");
  await tidings.use(null);
  tidings.close();
  return [state, transport, id, position, local, messages[0]?.data, more, epoch, answer.time];
}

use().catch((error: unknown) => error instanceof TidingsError && [error.code, error.reason, error.channel]);
