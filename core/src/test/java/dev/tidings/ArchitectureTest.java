package dev.tidings;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.targetOwner;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

@AnalyzeClasses(packages = "dev.tidings", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
    /** The one place that may ask the machine for the time. */
    private static final String CLOCK = "SystemTime";

    private static final DescribedPredicate<JavaClass> OURS = resideInAPackage("dev.tidings..");

    @ArchTest
    static final ArchRule protocolIsALeaf = noClasses()
            .that()
            .resideInAPackage("dev.tidings.protocol..")
            .should()
            .dependOnClassesThat(OURS.and(not(resideInAPackage("dev.tidings.protocol.."))));

    @ArchTest
    static final ArchRule spiKnowsTheProtocolOnly = noClasses()
            .that()
            .resideInAPackage("dev.tidings.spi..")
            .should()
            .dependOnClassesThat(OURS.and(not(resideInAnyPackage("dev.tidings.spi..", "dev.tidings.protocol.."))));

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.tidings.(**)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule noContainerNoRedisNoLogger = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("jakarta..", "redis..", "java.util.logging..", "org.slf4j..")
            .because("the core knows no container and no Redis, and logs through System.Logger");

    @ArchTest
    static final ArchRule noSynchronizedMethods = noMethods()
            .should()
            .haveModifier(JavaModifier.SYNCHRONIZED)
            .because("a virtual thread that blocks there holds its carrier");

    @ArchTest
    static final ArchRule nobodySleeps = noClasses()
            .should()
            .accessTargetWhere(call(Thread.class, "sleep|yield|onSpinWait")
                    .or(call(TimeUnit.class, "sleep"))
                    .or(call(LockSupport.class, "parkNanos|parkUntil")));

    @ArchTest
    static final ArchRule oneClock = noClasses()
            .that()
            .doNotHaveSimpleName(CLOCK)
            .should()
            .accessTargetWhere(call(System.class, "currentTimeMillis|nanoTime")
                    .or(call(Instant.class, "now"))
                    .or(call(Clock.class, "system.*|tick.*")))
            .because("tests set the time: take it from " + CLOCK);

    @ArchTest
    static final ArchRule namesThatSaySomething = classes()
            .should()
            .haveNameNotMatching(".*(Manager|Impl|Util|Utils|Helper)")
            .because("such a name says nothing of what the class does");

    /** The rule above sees methods; blocks leave no trace that ArchUnit reads. */
    @Test
    void noSynchronizedBlocks() throws IOException {
        Pattern block = Pattern.compile("\\bsynchronized\\s*\\(");
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            List<Path> offenders = files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> block.matcher(read(file)).find())
                    .toList();
            assertThat(offenders).isEmpty();
        }
    }

    private static DescribedPredicate<JavaAccess<?>> call(Class<?> owner, String name) {
        return targetOwner(type(owner)).and(target(nameMatching(name)));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
