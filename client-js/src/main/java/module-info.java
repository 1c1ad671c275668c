/** The browser client, and a servlet that serves it. */
module dev.tidings.client.js {
    requires static transitive jakarta.servlet;
    requires static org.jspecify;

    exports dev.tidings.client.js;
}
