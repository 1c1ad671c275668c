package dev.tidings.examples.chat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** The part of the page that needs no browser: its own tests are in {@code model.test.mjs}. */
class ModelTest {

    @Test
    void model_keepsItsPromises() throws Exception {
        Node.require();

        Node.run(60, Map.of(), "--test", "model.test.mjs");
    }
}
