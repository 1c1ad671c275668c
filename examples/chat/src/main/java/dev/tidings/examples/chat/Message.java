package dev.tidings.examples.chat;

import com.google.gson.JsonObject;

/**
 * What somebody said.
 *
 * @param id its own among all, also after a restart: by it the page shows a message once, however often it arrives
 * @param at when, in milliseconds; no two messages have the same, so that it is their order, too
 * @param from who
 * @param text what
 * @param key the page's own word for it, by which it knows its message again, also when it had to send it twice
 */
record Message(String id, long at, String from, String text, String key) {

    private static final int OVERHEAD = 256;

    JsonObject json() {
        JsonObject json = new JsonObject();
        json.addProperty("id", id);
        json.addProperty("at", at);
        json.addProperty("from", from);
        json.addProperty("text", text);
        json.addProperty("key", key);
        return json;
    }

    /** About how much memory it takes. */
    int bytes() {
        return OVERHEAD + 2 * text.length();
    }
}
