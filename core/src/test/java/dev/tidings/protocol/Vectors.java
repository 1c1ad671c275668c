package dev.tidings.protocol;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The published documents, as the tests read them: the specification and its vectors. */
final class Vectors {

    private static final Path DOCS = Path.of("..", "docs");

    private Vectors() {}

    /** The vectors of a file, in order. */
    static Stream<JsonObject> of(String file) {
        JsonObject document =
                JsonParser.parseString(read("vectors/" + file + ".json")).getAsJsonObject();
        JsonArray vectors = document.getAsJsonArray("vectors");
        return StreamSupport.stream(vectors.spliterator(), false).map(JsonElement::getAsJsonObject);
    }

    static String read(String file) {
        try {
            return Files.readString(DOCS.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String text(JsonObject vector, String name) {
        return vector.get(name).getAsString();
    }

    /** The members of an object, each as JSON text: their order and the types of numbers do not count. */
    static Map<String, String> members(JsonObject object) {
        Map<String, String> members = new TreeMap<>();
        object.entrySet()
                .forEach(entry -> members.put(entry.getKey(), entry.getValue().toString()));
        return members;
    }

    /** A decoded frame in the form of the vectors: the type on the wire, then every field. */
    static Map<String, String> members(Inbound inbound) {
        JsonObject object = new JsonObject();
        object.addProperty("type", type(inbound));
        for (RecordComponent component : inbound.getClass().getRecordComponents()) {
            Object value;
            try {
                value = component.getAccessor().invoke(inbound);
            } catch (ReflectiveOperationException e) {
                throw new LinkageError("A record of the protocol has no accessor", e);
            }
            boolean ofTheClient = component.getName().equals("id")
                    && !(inbound instanceof Inbound.Answer)
                    && !(inbound instanceof Inbound.Refusal);
            object.add(component.getName(), ofTheClient && value instanceof String id ? id(id) : json(value));
        }
        return members(object);
    }

    /** The type of a frame on the wire. */
    static String type(Inbound inbound) {
        if (inbound instanceof Inbound.Authenticate) {
            return "auth";
        } else if (inbound instanceof Inbound.Answer) {
            return "reply";
        } else if (inbound instanceof Inbound.Refusal) {
            return "error";
        }
        return inbound.getClass().getSimpleName().toLowerCase(Locale.ROOT);
    }

    /** The id of a command is JSON text. */
    static JsonElement id(String text) {
        return JsonParser.parseString(text);
    }

    private static JsonElement json(Object value) {
        if (value == null) {
            return JsonNull.INSTANCE;
        } else if (value instanceof Payload payload) {
            JsonObject object = new JsonObject();
            if (payload.isBytes()) {
                object.addProperty("base64", payload.base64());
            } else {
                object.addProperty("json", payload.json());
            }
            return object;
        } else if (value instanceof Number number) {
            return new JsonPrimitive(number);
        } else if (value instanceof Boolean flag) {
            return new JsonPrimitive(flag);
        }
        return new JsonPrimitive(value.toString());
    }
}
