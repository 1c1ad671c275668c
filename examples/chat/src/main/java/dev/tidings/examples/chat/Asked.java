package dev.tidings.examples.chat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.tidings.RequestException;
import dev.tidings.protocol.ErrorCode;
import dev.tidings.protocol.Payload;
import java.util.regex.Pattern;

/** A request's data. Strangers made it, so whatever is taken out of it is looked at first. */
final class Asked {

    static final int MAX_TEXT = 2_000;

    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9_-]{1,32}");
    private static final Pattern CONTROL = Pattern.compile("[\\p{Cc}&&[^\\n\\t]]");

    private final JsonObject data;

    private Asked(JsonObject data) {
        this.data = data;
    }

    static Asked of(Payload payload) {
        JsonElement data = payload.isBytes() ? null : JsonParser.parseString(payload.json());
        if (data == null || !data.isJsonObject()) {
            throw refused("The data is an object");
        }
        return new Asked(data.getAsJsonObject());
    }

    static RequestException refused(String reason) {
        return new RequestException(ErrorCode.BAD_REQUEST, reason);
    }

    String room() {
        String room = string("room");
        if (!Names.isRoom(room)) {
            throw refused("room is 1 to 32 of a-z 0-9 with single hyphens inside");
        }
        return room;
    }

    String user(String field) {
        String user = string(field);
        if (!Names.isUser(user)) {
            throw refused(field + " is not anybody's name");
        }
        return user;
    }

    /** What is said: 1 to 2,000 characters, without space around, and without control characters but line breaks and tabs. */
    String text() {
        String text = string("text").replace("\r\n", "\n").strip();
        if (text.isEmpty() || text.length() > MAX_TEXT || CONTROL.matcher(text).find()) {
            throw refused("text is 1 to " + MAX_TEXT + " characters, and not just space");
        }
        return text;
    }

    String key() {
        String key = string("key");
        if (!key.isEmpty() && !KEY.matcher(key).matches()) {
            throw refused("key is up to 32 of A-Z a-z 0-9 _ -");
        }
        return key;
    }

    private String string(String field) {
        JsonElement value = data.get(field);
        if (value == null) {
            return "";
        }
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
            throw refused(field + " is a string");
        }
        return value.getAsString();
    }
}
