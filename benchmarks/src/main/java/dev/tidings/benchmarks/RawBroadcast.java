package dev.tidings.benchmarks;

import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.websocket.CloseReason;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.Extension;
import jakarta.websocket.RemoteEndpoint;
import jakarta.websocket.SendResult;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What one writes by hand on the Jakarta API: a set of sessions, and for each one send in flight and a queue without a bound behind
 * it. It recovers nothing, limits nothing and notices no dead peer; it is the least that is correct.
 */
final class RawBroadcast implements Broadcast {

    private final Set<Receiver> receivers = ConcurrentHashMap.newKeySet();
    private final Semaphore opened = new Semaphore(0);

    @Override
    public String label() {
        return "by hand";
    }

    @Override
    public String target() {
        return "/raw";
    }

    @Override
    public void register(ServletContext context) {
        context.addServlet("raw", new UpgradeServlet()).addMapping("/raw");
    }

    @Override
    public void awaitReady(int clients) throws InterruptedException {
        opened.acquire(clients);
    }

    @Override
    public void publish(String data) {
        String text = Broadcast.text(data);
        for (Receiver receiver : receivers) {
            receiver.send(text);
        }
    }

    @Override
    public void close() {
        receivers.clear();
    }

    /** Upgrades as the library's servlet does, without extensions. */
    private final class UpgradeServlet extends HttpServlet {
        private static final long serialVersionUID = 1L;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response)
                throws IOException, ServletException {
            ServerContainer container =
                    (ServerContainer) getServletContext().getAttribute("jakarta.websocket.server.ServerContainer");
            ServerEndpointConfig config = ServerEndpointConfig.Builder.create(Endpoint.class, "/")
                    .configurator(new Receivers())
                    .build();
            try {
                container.upgradeHttpToWebSocket(request, response, config, Map.of());
            } catch (DeploymentException e) {
                throw new ServletException(e);
            }
        }
    }

    private final class Receivers extends ServerEndpointConfig.Configurator {
        @Override
        public List<Extension> getNegotiatedExtensions(List<Extension> installed, List<Extension> requested) {
            return List.of();
        }

        @Override
        public <T> T getEndpointInstance(Class<T> type) {
            return type.cast(new Receiver());
        }
    }

    /** One session. */
    private final class Receiver extends Endpoint {
        private final ReentrantLock lock = new ReentrantLock();
        private final ArrayDeque<String> queue = new ArrayDeque<>();
        private boolean sending;
        private RemoteEndpoint.@Nullable Async remote;

        @Override
        public void onOpen(Session session, EndpointConfig config) {
            remote = session.getAsyncRemote();
            receivers.add(this);
            opened.release();
        }

        @Override
        public void onClose(Session session, CloseReason reason) {
            receivers.remove(this);
        }

        void send(String text) {
            lock.lock();
            try {
                if (sending) {
                    queue.add(text);
                    return;
                }
                sending = true;
            } finally {
                lock.unlock();
            }
            begin(text);
        }

        private void begin(String text) {
            RemoteEndpoint.Async to = remote;
            if (to != null) {
                to.sendText(text, this::sent);
            }
        }

        private void sent(SendResult result) {
            if (!result.isOK()) {
                receivers.remove(this);
                return;
            }
            String next;
            lock.lock();
            try {
                next = queue.poll();
                sending = next != null;
            } finally {
                lock.unlock();
            }
            if (next != null) {
                begin(next);
            }
        }
    }
}
