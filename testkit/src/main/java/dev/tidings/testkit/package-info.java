/**
 * Tools for testing real-time applications, and the contracts that transports keep.
 *
 * <p>{@link dev.tidings.testkit.ManualTime} and {@link dev.tidings.testkit.ManualExecutor} put a test in charge of time and of
 * what runs when; {@link dev.tidings.testkit.MemoryClient} is a client without a container. With the three a test of deadlines,
 * broken links and races runs in one thread, takes no time, and ends the same way each time:
 *
 * <pre>{@code
 * ManualTime time = new ManualTime();
 * ManualExecutor tasks = new ManualExecutor();
 * Tidings tidings = Tidings.builder()
 *         .time(time).callbackExecutor(tasks).deliveryExecutor(tasks)
 *         .channel("news", rule -> rule.subscribe(Allow.anyone()))
 *         .build();
 * MemoryClient client = MemoryClient.acknowledging(tidings).connect();
 * client.subscribe("news");
 * tasks.runAll();
 * client.cut();
 * tidings.channel("news").publish(Payload.string("while you were away"));
 * client.resume();
 * tasks.runAll();
 * assertThat(client.received("message")).hasSize(1);
 * }</pre>
 *
 * <p>The author of a transport extends {@link dev.tidings.testkit.TransportContract}, which has a test for each rule of a link.
 */
@NullMarked
package dev.tidings.testkit;

import org.jspecify.annotations.NullMarked;
