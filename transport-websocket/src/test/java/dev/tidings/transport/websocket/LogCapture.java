package dev.tidings.transport.websocket;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Takes the library's warnings and errors instead of the console. */
final class LogCapture extends Handler implements AutoCloseable {

    private final Logger logger = Logger.getLogger("dev.tidings");
    final List<LogRecord> warnings = new CopyOnWriteArrayList<>();
    /** Everything above DEBUG, warnings included. */
    final List<LogRecord> said = new CopyOnWriteArrayList<>();

    private LogCapture() {
        logger.setUseParentHandlers(false);
        logger.addHandler(this);
    }

    static LogCapture start() {
        return new LogCapture();
    }

    /** What was logged while something ran. */
    static List<LogRecord> during(Runnable action) {
        try (LogCapture log = start()) {
            action.run();
            return log.warnings;
        }
    }

    @Override
    public void publish(LogRecord record) {
        if (record.getLevel().intValue() >= Level.INFO.intValue()) {
            said.add(record);
        }
        if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
            warnings.add(record);
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        logger.removeHandler(this);
        logger.setUseParentHandlers(true);
    }
}
