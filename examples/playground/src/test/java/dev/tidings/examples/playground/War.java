package dev.tidings.examples.playground;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import dev.tidings.Tidings;
import dev.tidings.client.js.ClientScriptServlet;
import dev.tidings.transport.longpoll.LongPollServlet;
import dev.tidings.transport.servlet.TidingsServlet;
import dev.tidings.transport.sse.SseServlet;
import dev.tidings.transport.websocket.WebSocketServlet;
import jakarta.servlet.ServletContextListener;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.ToolProvider;

/** A web application as people deploy it: classes, jars and a descriptor in one file. */
final class War {

    /** What a user's application has in {@code WEB-INF/lib}, by a class of each. */
    private static final List<Class<?>> LIBRARIES = List.of(
            Tidings.class,
            Gson.class,
            TidingsServlet.class,
            WebSocketServlet.class,
            SseServlet.class,
            LongPollServlet.class,
            ClientScriptServlet.class);

    private final Path directory;
    private final Path content;

    War(Path directory) throws IOException {
        this.directory = directory;
        this.content = Files.createDirectories(directory.resolve("content"));
        Path lib = Files.createDirectories(content.resolve("WEB-INF/lib"));
        Files.createDirectories(content.resolve("WEB-INF/classes"));
        for (Class<?> type : LIBRARIES) {
            Path from = origin(type);
            if (Files.isDirectory(from)) {
                zip(from, lib.resolve(type.getSimpleName() + ".jar"));
            } else {
                Files.copy(from, lib.resolve(from.getFileName()));
            }
        }
    }

    private static Path origin(Class<?> type) {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Compiles a class into the application. */
    War source(String name, String code) throws IOException {
        Path file = Files.writeString(
                Files.createDirectories(directory.resolve("source")).resolve(name + ".java"), code);
        String path = Stream.concat(LIBRARIES.stream(), Stream.of(ServletContextListener.class))
                .map(type -> origin(type).toString())
                .collect(Collectors.joining(File.pathSeparator));
        List<String> arguments = new ArrayList<>(List.of("-proc:none", "-cp", path, "-d"));
        arguments.add(content.resolve("WEB-INF/classes").toString());
        arguments.add(file.toString());
        int result = ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new));
        assertThat(result).as(code).isZero();
        return this;
    }

    /** The elements of the descriptor; without a call there is none. */
    War descriptor(String attributes, String elements) throws IOException {
        Files.writeString(content.resolve("WEB-INF/web.xml"), """
                <?xml version="1.0" encoding="UTF-8"?>
                <web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0"%s>
                %s
                </web-app>
                """.formatted(attributes, elements));
        return this;
    }

    Path file() throws IOException {
        Path file = directory.resolve("application.war");
        zip(content, file);
        return file;
    }

    private static void zip(Path from, Path to) throws IOException {
        try (OutputStream out = Files.newOutputStream(to);
                ZipOutputStream zip = new ZipOutputStream(out);
                Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                zip.putNextEntry(new ZipEntry(from.relativize(file).toString().replace(File.separatorChar, '/')));
                Files.copy(file, zip);
                zip.closeEntry();
            }
        }
    }
}
