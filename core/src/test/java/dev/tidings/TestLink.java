package dev.tidings;

import dev.tidings.protocol.Disconnect;
import dev.tidings.protocol.Frame;
import dev.tidings.spi.Attachment;
import dev.tidings.spi.Handshake;
import dev.tidings.spi.Link;
import dev.tidings.spi.TransportHost;
import java.util.ArrayList;
import java.util.List;

/** A link without a wire: it keeps what it polls. Everything runs in the test's thread, so executors must run inline. */
class TestLink implements Link {

    final List<String> sent = new ArrayList<>();
    final List<Disconnect> closes = new ArrayList<>();

    private Attachment attachment;
    private boolean stuck;
    private boolean inFlight;
    private boolean draining;

    static TestLink attach(TransportHost host, Handshake handshake) {
        TestLink link = new TestLink();
        return link.on(host, handshake);
    }

    TestLink on(TransportHost host, Handshake handshake) {
        attachment = host.attach(handshake, this);
        wake();
        return this;
    }

    Attachment attachment() {
        return attachment;
    }

    /** A peer that does not read: the next frame stays in flight. */
    void stick() {
        stuck = true;
    }

    /** It reads again. */
    void release() {
        stuck = false;
        if (inFlight) {
            inFlight = false;
            attachment.written();
        }
        wake();
    }

    void receive(String text) {
        attachment.receive(text.replace('\'', '"'));
    }

    void detach(Disconnect disconnect) {
        attachment.detached(disconnect);
    }

    /** Frames of one type, in order. */
    List<String> sent(String type) {
        return sent.stream()
                .filter(text -> text.startsWith("{\"type\":\"" + type + "\""))
                .toList();
    }

    @Override
    public String transport() {
        return "test";
    }

    @Override
    public void wake() {
        if (attachment == null || draining || inFlight) {
            return;
        }
        draining = true;
        for (Frame frame = attachment.poll(); frame != null; frame = attachment.poll()) {
            sent.add(frame.text());
            if (stuck) {
                inFlight = true;
                break;
            }
            attachment.written();
        }
        draining = false;
    }

    @Override
    public void close(Disconnect disconnect) {
        closes.add(disconnect);
        attachment.detached(disconnect);
    }
}
