package dev.tidings;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Two carriers bring in numbered frames at the same time, as two POSTs of one client may.
 *
 * <p>It would show a number that is taken twice, a hole that is taken for none, and frames that are handled in another order than
 * they were numbered or two at a time.
 */
@Tag("lincheck")
public class MailboxLincheckTest {

    private final Object link = "link";
    private final Mailbox mailbox = new Mailbox(Runnable::run, 10, 100, number -> {}, () -> {});

    // The tasks' own: there is one at a time, and no lock here that would hide it if there were two.
    private int last;
    private boolean disorder;

    public MailboxLincheckTest() {
        mailbox.attach(link);
    }

    @Operation
    public String acceptFirst() {
        return accept(1);
    }

    @Operation
    public String acceptSecond() {
        return accept(2);
    }

    @Operation
    public String acceptThird() {
        return accept(3);
    }

    private String accept(int number) {
        return mailbox.accept(link, number, 1, () -> {
                    disorder |= number != last + 1;
                    last = number;
                    return null;
                })
                .name();
    }

    @Validate
    public void handledInOrder() {
        if (disorder || last != mailbox.handledNumber()) {
            throw new IllegalStateException("Handled out of order, up to " + last);
        }
    }

    @Test
    void accept_anyInterleaving_isLinearizableAndInOrder() {
        new ModelCheckingOptions()
                .iterations(15)
                .invocationsPerIteration(300)
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(0)
                .actorsAfter(1)
                .check(MailboxLincheckTest.class);
    }
}
