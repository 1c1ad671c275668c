// Written by scripts/types.js from the comments in src/tidings.js.

/** What went wrong, by a code of the protocol or one of the client's own: `closed`, `gone`, `gap`, `limit`, `timeout`, `unsubscribed`. */
export class TidingsError extends Error {
    /**
     * @param {string} code
     * @param {string} reason
     * @param {string} [channel]
     */
    constructor(code: string, reason: string, channel?: string);
    /** A code of the protocol, or `closed`, `gone`, `gap`, `limit`, `timeout`, `unsubscribed` by the client itself. @readonly */
    readonly code: string;
    /** For people. @readonly */
    readonly reason: string;
    /** The channel it is about, if it is about one. @readonly */
    readonly channel: string | undefined;
}

/** A channel that this client is subscribed to, or is going to be as soon as it can. */
export class Subscription {
    private constructor();
    /** The channel's name. @readonly */
    readonly channel: string;
    /** `waiting` until the server has answered, also after a connection had to begin anew; `ended` once and for all. */
    get state(): "waiting" | "ended" | "subscribed";
    /** Resolves when subscribed; rejects with a `TidingsError` if that is refused. */
    get ready(): Promise<void>;
    /** The members by connection, if subscribed with `presence`: a map that changes. @returns {Map<string, Member>} */
    get members(): Map<string, Member>;
    /** The position of the last message, to be given as `since` another time. */
    get position(): string | undefined;
    /**
     * @template {keyof SubscriptionEvents} K
     * @param {K} name
     * @param {(event: SubscriptionEvents[K]) => unknown} listener
     * @returns {() => void} ends it
     */
    on<K extends keyof SubscriptionEvents>(name: K, listener: (event: SubscriptionEvents[K]) => unknown): () => void;
    /**
     * Publishes to the channel.
     *
     * @param {any} data a JSON value, or bytes as a `Uint8Array`
     * @param {PublishOptions} [options]
     * @returns {Promise<Published>}
     */
    publish(data: any, options?: PublishOptions): Promise<Published>;
    /**
     * Enters the channel as a member, and again on each new connection.
     *
     * @param {any} [data] what the member says of itself
     * @returns {Promise<void>}
     */
    enter(data?: any): Promise<void>;
    /**
     * Changes what the member says of itself.
     *
     * @param {any} data
     * @returns {Promise<void>}
     */
    update(data: any): Promise<void>;
    /**
     * Is a member no more.
     *
     * @returns {Promise<void>}
     */
    leave(): Promise<void>;
    /**
     * Reads what was published before.
     *
     * @param {HistoryOptions} [options]
     * @returns {Promise<History>}
     */
    history(options?: HistoryOptions): Promise<History>;
    /**
     * Ends the subscription, for everybody who holds it. A membership is not ended by it.
     *
     * @returns {Promise<void>}
     */
    unsubscribe(): Promise<void>;
    #private;
}

/** A client: one connection to a server, which outlives the wires that carry it. */
export class Tidings {
    /**
     * Makes a client; `connect` connects it. What is said before waits.
     *
     * @param {string | URL} [address] the base path of the server, or an absolute URL: http, https, ws or wss
     * @param {Options} [options]
     */
    constructor(address?: string | URL, options?: Options);
    /** Connects, and goes on connecting until `close`, or until the server says that it is of no use. */
    connect(): void;
    /** Leaves for good: tells the server, and fails what has no answer yet. `connect` begins anew. */
    close(): void;
    /**
     * Goes on over another transport now, without loss, and stays there.
     *
     * @param {Transport | null} transport null: the best one that works, again
     * @returns {Promise<void>} rejects if that transport does not work; the present one goes on then
     */
    use(transport: Transport | null): Promise<void>;
    get state(): State;
    /** The transport that carries the connection now. @returns {Transport | null} */
    get transport(): Transport | null;
    /** The public id of the connection. @returns {string | null} */
    get id(): string | null;
    /** Who this is, by the server's word. @returns {string | null} */
    get user(): string | null;
    /**
     * @template {keyof TidingsEvents} K
     * @param {K} name
     * @param {(event: TidingsEvents[K]) => unknown} listener
     * @returns {() => void} ends it
     */
    on<K extends keyof TidingsEvents>(name: K, listener: (event: TidingsEvents[K]) => unknown): () => void;
    /**
     * Listens to the direct messages of one event.
     *
     * @param {string} event
     * @param {(message: Direct) => unknown} listener
     * @returns {() => void} ends it
     */
    onEvent(event: string, listener: (message: Direct) => unknown): () => void;
    /**
     * Answers the server's requests of one event: with what the handler returns, or with an error if it throws. An event has one
     * handler.
     *
     * @param {string} event
     * @param {(data: any, request: {event: string, bytes?: Uint8Array}) => unknown} handler
     * @returns {() => void} ends it
     */
    onRequest(event: string, handler: (data: any, request: {
        event: string;
        bytes?: Uint8Array;
    }) => unknown): () => void;
    /**
     * Subscribes to a channel, now or as soon as there is a connection, and again on each new one. There is one subscription of a
     * channel: subscribing again returns the same.
     *
     * @param {string} channel
     * @param {SubscribeOptions} [options]
     * @returns {Subscription}
     */
    subscribe(channel: string, options?: SubscribeOptions): Subscription;
    /**
     * Publishes to a channel.
     *
     * @param {string} channel
     * @param {any} data a JSON value, or bytes as a `Uint8Array`
     * @param {PublishOptions} [options]
     * @returns {Promise<Published>}
     */
    publish(channel: string, data: any, options?: PublishOptions): Promise<Published>;
    /**
     * Sends a message to the application; resolves when it has been given it.
     *
     * @param {string} event
     * @param {any} [data] a JSON value, or bytes as a `Uint8Array`
     * @returns {Promise<void>}
     */
    send(event: string, data?: any): Promise<void>;
    /**
     * Asks the application something; resolves with its answer.
     *
     * @param {string} event
     * @param {any} [data] a JSON value, or bytes as a `Uint8Array`
     * @param {RequestOptions} [options]
     * @returns {Promise<any>}
     */
    request(event: string, data?: any, options?: RequestOptions): Promise<any>;
    #private;
}

export type Transport = "websocket" | "sse" | "poll";

export type State = "idle" | "connecting" | "connected" | "reconnecting" | "closed";

/**
 * Called when a link opens on a new connection, when the credentials run out, and after they were refused.
 */
export type TokenSource = () => string | null | undefined | Promise<string | null | undefined>;

export type Options = {
    /**
     * who this is. A text is used as it is; a function is asked again when the token runs
     * out, and once when it was refused. Default: none.
     */
    token?: string | TokenSource | undefined;
    /**
     * the transports that may be used, in order of preference. Default: `websocket`, `sse`, `poll`.
     */
    transports?: Transport[] | undefined;
    /**
     * how long, in milliseconds, a transport may take to open before the next one is tried.
     * Default: 5,000.
     */
    openTimeout?: number | undefined;
    /**
     * the back-off between attempts: a random time up to `min`, doubled with each
     * failure up to `max`. Default: 500 and 20,000.
     */
    backoff?: {
        min?: number;
        max?: number;
    } | undefined;
    /**
     * after how many failed attempts in a row the client gives up. Default: `Infinity`.
     */
    maxAttempts?: number | undefined;
    /**
     * after how long, in milliseconds, a better transport is tried again; twice as long after each
     * failure, up to 15 minutes. 0: never. Default: 30,000.
     */
    upgradeAfter?: number | undefined;
    /**
     * how much may wait to be sent; what is beyond it is refused with
     * `limit`. Default: 1,000 frames and 1 MiB.
     */
    maxUnsent?: {
        frames?: number;
        bytes?: number;
    } | undefined;
    /**
     * how fast frames are sent: per
     * second, and at once. Default: 25, 80, 112 KiB, 448 KiB: a little less than a server takes by default. `null`: as fast as
     * the window allows, until the server objects.
     */
    rate?: {
        frames?: number;
        burst?: number;
        bytes?: number;
        byteBurst?: number;
    } | null | undefined;
    /**
     * how long, in milliseconds, `request` waits for its answer. Default: 35,000.
     */
    requestTimeout?: number | undefined;
    /**
     * where the connection is kept over a reload. Default: `sessionStorage`
     * where there is one. `null`: nowhere.
     */
    storage?: Storage | SimpleStorage | null | undefined;
    /**
     * how many pages of this browser may hold a request to the server at the same time, by SSE or
     * long polling, since over HTTP/1.1 a browser opens no more than six connections to a server; the others ask every 2 seconds.
     * The pages count by Web Locks, which they have over HTTPS and on `localhost`. Default: 3; `Infinity` where the page came by a
     * protocol without this limit.
     */
    heldRequests?: number | undefined;
    /**
     * whether cookies are sent to another origin (SSE and polling). Default: false.
     */
    withCredentials?: boolean | undefined;
    /**
     * Default: the global one.
     */
    fetch?: typeof fetch | undefined;
    /**
     * a class like the browser's. Default: the global one.
     */
    WebSocket?: any;
    /**
     * time, chance and the page, for tests.
     */
    environment?: Partial<Environment> | undefined;
};

export type SimpleStorage = {
    getItem: (key: string) => string | null;
    setItem: (key: string, value: string) => void;
    removeItem: (key: string) => void;
};

/**
 * What the client takes from its surroundings.
 */
export type Environment = {
    /**
     * the time in milliseconds, as of a clock on the wall: it goes on while a device sleeps
     */
    now: () => number;
    setTimeout: (task: () => void, delay: number) => any;
    clearTimeout: (timer: any) => void;
    /**
     * from 0 to 1
     */
    random: () => number;
    /**
     * fires `online`, `offline`, `pagehide`, `pageshow`
     */
    window: EventTarget | null;
    /**
     * fires `visibilitychange`, `resume`
     */
    document: (EventTarget & {
        visibilityState?: string;
    }) | null;
    /**
     * whether there is any network
     */
    online: () => boolean;
    /**
     * what a relative address is relative to
     */
    base: string | undefined;
    /**
     * the Web Locks of this origin
     */
    locks: LockManager | null;
    /**
     * whether one connection carries many requests, as far as is known
     */
    multiplexed: () => boolean;
    console: {
        warn: (...said: any[]) => void;
        error: (...said: any[]) => void;
    };
};

export type StateEvent = {
    state: State;
    previous: State;
    /**
     * why, for people
     */
    reason?: string | undefined;
    /**
     * the close code, where it is about the end of a link
     */
    code?: number | undefined;
    /**
     * when the next attempt is made, in milliseconds
     */
    retryIn?: number | undefined;
    /**
     * how many attempts in a row have failed
     */
    attempt?: number | undefined;
};

export type Message = {
    channel: string;
    /**
     * the value, or a `Uint8Array` if bytes were published
     */
    data: any;
    /**
     * the same, if bytes were published
     */
    bytes?: Uint8Array<ArrayBufferLike> | undefined;
    event?: string | undefined;
    /**
     * who published it, by the server's word
     */
    user?: string | undefined;
    /**
     * its place in the channel's history, where there is one
     */
    position?: string | undefined;
};

export type Direct = {
    event: string;
    /**
     * the value, or a `Uint8Array` if bytes were sent
     */
    data: any;
    bytes?: Uint8Array<ArrayBufferLike> | undefined;
};

/**
 * Something may be missing here.
 */
export type Gap = {
    /**
     * the channel; null: direct messages, answers and requests
     */
    channel: string | null;
    /**
     * a word of the protocol, or `NEW_CONNECTION`
     */
    reason: string;
    /**
     * the same in plain words
     */
    text: string;
};

export type Problem = {
    code: string;
    reason: string;
    channel?: string | undefined;
    /**
     * what was thrown, if something was
     */
    error?: unknown;
};

export type Member = {
    connection: string;
    user?: string | undefined;
    /**
     * what the member says of itself
     */
    data: any;
    bytes?: Uint8Array<ArrayBufferLike> | undefined;
};

export type Presence = {
    /**
     * everybody, by connection; the same map as `members` of the subscription
     */
    members: Map<string, Member>;
    entered: Member[];
    updated: Member[];
    left: Member[];
};

export type PublishOptions = {
    /**
     * the name of an event
     */
    event?: string | undefined;
    /**
     * whether this client, if subscribed, gets the message too. Default: true.
     */
    echo?: boolean | undefined;
};

export type Published = {
    outcome: "ok" | "local_only" | "unknown";
    position?: string | undefined;
};

export type HistoryOptions = {
    /**
     * after (backwards: before) this position. Default: from the oldest (backwards: the newest).
     */
    since?: string | undefined;
    /**
     * at most so many; the server's limit is 300 by default
     */
    limit?: number | undefined;
    /**
     * newest first
     */
    backwards?: boolean | undefined;
};

export type History = {
    messages: Message[];
    /**
     * whether there are more beyond the last
     */
    more: boolean;
    epoch?: string | undefined;
};

export type SubscribeOptions = {
    /**
     * whether to get the members, and what changes among them
     */
    presence?: boolean | undefined;
    /**
     * the position from which to recover
     */
    since?: string | undefined;
};

export type RequestOptions = {
    /**
     * in milliseconds. Default: `requestTimeout` of the client's options.
     */
    timeout?: number | undefined;
    signal?: AbortSignal | undefined;
};

export type TidingsEvents = {
    /**
     * the state has changed, or another attempt is going to be made
     */
    state: StateEvent;
    /**
     * another transport carries the connection
     */
    transport: {
        transport: Transport;
        previous: Transport | null;
    };
    /**
     * a new connection begins; `again`: in place of one
     * that could not be resumed
     */
    welcome: {
        connection: string;
        user: string | null;
        again: boolean;
    };
    /**
     * the same connection goes on
     */
    resumed: {
        connection: string;
    };
    /**
     * a message to this connection, its user, or everybody
     */
    direct: Direct;
    /**
     * something may be missing
     */
    gap: Gap;
    /**
     * something failed that nobody waits for; without a listener it goes to the console
     */
    error: Problem;
    /**
     * the server has subscribed this connection to a channel
     */
    subscribed: {
        channel: string;
        subscription: Subscription;
    };
};

export type SubscriptionEvents = {
    message: Message;
    presence: Presence;
    gap: Gap;
    /**
     * `again`: on a new connection
     */
    subscribed: {
        channel: string;
        epoch?: string;
        position?: string;
        again: boolean;
    };
    /**
     * it has ended; `code` is null if you ended it
     */
    unsubscribed: {
        channel: string;
        code: string | null;
        reason: string;
    };
};
