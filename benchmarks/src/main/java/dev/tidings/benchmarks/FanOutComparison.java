package dev.tidings.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import dev.tidings.examples.embedded.EmbeddedServer;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The library beside a loop written by hand, over real sockets: how much processor time of the server a delivery costs.
 *
 * <p>Both run in one server, in turns, with the same texts in the same bursts; a burst begins when everybody has the one before. The
 * clients run in processes of their own and check every message.
 *
 * <pre>
 * java -cp benchmarks/target/benchmarks.jar dev.tidings.benchmarks.FanOutComparison [subscribers] [publications] [rounds]
 * </pre>
 */
public final class FanOutComparison {

    private static final Logger LOG = Logger.getLogger("");
    private static final int WARM_UP_ROUNDS = 2;
    private static final String PADDING = "x".repeat(40);

    private final int subscribers;
    private final int burst;
    private final int publications;
    private final int rounds;

    private FanOutComparison(int subscribers, int publications, int rounds, int burst) {
        this.burst = burst;
        this.subscribers = subscribers;
        this.publications = publications;
        this.rounds = rounds;
    }

    /** What a round took, in seconds. */
    private record Cost(double wall, double processor) {}

    /**
     * Measures on both containers.
     *
     * @param args how many subscribers (1,000), publications in a round (100), measured rounds (6), and publications in a burst (10)
     * @throws Exception if anything is not as it should be, such as a message that does not arrive
     */
    public static void main(String[] args) throws Exception {
        // The containers tell at length how they start.
        LOG.setLevel(Level.WARNING);
        FanOutComparison comparison = new FanOutComparison(
                number(args, 0, 1_000), number(args, 1, 100), number(args, 2, 6), number(args, 3, 10));
        for (EmbeddedServer.Container container : EmbeddedServer.Container.values()) {
            comparison.measure(container);
        }
    }

    private static int number(String[] args, int index, int otherwise) {
        return args.length > index ? Integer.parseInt(args[index]) : otherwise;
    }

    private void measure(EmbeddedServer.Container container) throws Exception {
        try (Side tidings = new Side(new TidingsBroadcast());
                Side byHand = new Side(new RawBroadcast());
                EmbeddedServer server = EmbeddedServer.start(container, 0, "", new ServletContextListener() {
                    @Override
                    public void contextInitialized(ServletContextEvent event) {
                        tidings.broadcast.register(event.getServletContext());
                        byHand.broadcast.register(event.getServletContext());
                    }
                })) {
            tidings.connect(server.port());
            byHand.connect(server.port());
            for (int round = 0; round < WARM_UP_ROUNDS; round++) {
                tidings.round();
                byHand.round();
            }
            for (int round = 0; round < rounds; round++) {
                // Who is first takes turns too.
                (round % 2 == 0 ? tidings : byHand).measuredRound();
                (round % 2 == 0 ? byHand : tidings).measuredRound();
            }
            print(container, tidings, byHand);
        }
    }

    private void print(EmbeddedServer.Container container, Side tidings, Side byHand) {
        line(
                "%n%s: %,d subscribers, %d rounds of %,d publications of %d bytes",
                container,
                subscribers,
                rounds,
                publications,
                Broadcast.text(data(10_000)).length());
        line("%-10s %38s %16s", "", "CPU s per million deliveries", "deliveries/s");
        line("%-10s %12s %12s %12s %16s", "", "median", "least", "most", "median");
        for (Side side : List.of(tidings, byHand)) {
            List<Double> processor = side.sorted(true);
            line(
                    "%-10s %12.2f %12.2f %12.2f %,16.0f",
                    side.broadcast.label(),
                    median(processor),
                    processor.get(0),
                    processor.get(processor.size() - 1),
                    1e6 / median(side.sorted(false)));
        }
        line("ratio of the medians: %.2f", median(tidings.sorted(true)) / median(byHand.sorted(true)));
    }

    private static void line(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }

    private static double median(List<Double> sorted) {
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    private static String data(int number) {
        return "{\"n\":" + number + ",\"text\":\"" + PADDING + "\"}";
    }

    /** One of the two, with clients of its own. */
    private final class Side implements AutoCloseable {
        final Broadcast broadcast;
        private final SubscriberProcess clients;
        private final List<Cost> costs = new ArrayList<>();
        private final OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        private int published;

        Side(Broadcast broadcast) throws IOException {
            this.broadcast = broadcast;
            this.clients = new SubscriberProcess();
        }

        void connect(int port) throws IOException, InterruptedException {
            clients.connect(port, subscribers, broadcast.target());
            broadcast.awaitReady(subscribers);
        }

        void round() throws IOException {
            for (int sent = 0; sent < publications; ) {
                int now = Math.min(burst, publications - sent);
                clients.expect(published + now);
                for (int i = 0; i < now; i++) {
                    broadcast.publish(data(++published));
                }
                clients.awaitAll();
                sent += now;
            }
        }

        void measuredRound() throws IOException {
            long processor = system.getProcessCpuTime();
            long wall = System.nanoTime();
            round();
            costs.add(new Cost((System.nanoTime() - wall) / 1e9, (system.getProcessCpuTime() - processor) / 1e9));
        }

        /** Seconds per million deliveries, of the processor or of the clock. */
        List<Double> sorted(boolean processor) {
            double millions = (double) subscribers * publications / 1e6;
            return costs.stream()
                    .map(cost -> (processor ? cost.processor() : cost.wall()) / millions)
                    .sorted()
                    .toList();
        }

        @Override
        public void close() {
            clients.close();
            broadcast.close();
        }
    }
}
