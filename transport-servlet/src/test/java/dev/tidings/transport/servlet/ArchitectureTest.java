package dev.tidings.transport.servlet;

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

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Clock;
import java.time.Instant;

@AnalyzeClasses(packages = "dev.tidings.transport.servlet", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule usesNothingThatAStrangerCouldNot = noClasses()
            .should()
            .dependOnClassesThat(resideInAPackage("dev.tidings..")
                    .and(not(resideInAnyPackage(
                            "dev.tidings.spi", "dev.tidings.protocol", "dev.tidings.transport.servlet.."))))
            .because("a transport sees the SPI and the protocol only")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule logsThroughSystemLogger = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.util.logging..", "org.slf4j..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule noSynchronizedMethods =
            noMethods().should().haveModifier(JavaModifier.SYNCHRONIZED).allowEmptyShould(true);

    @ArchTest
    static final ArchRule hasNoTimeOfItsOwn = noClasses()
            .should()
            .accessTargetWhere(call(Thread.class, "sleep")
                    .or(call(System.class, "currentTimeMillis|nanoTime"))
                    .or(call(Instant.class, "now"))
                    .or(call(Clock.class, "system.*|tick.*")))
            .because("time comes from the host")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule namesThatSaySomething = classes()
            .should()
            .haveNameNotMatching(".*(Manager|Impl|Util|Utils|Helper)")
            .allowEmptyShould(true);

    private static DescribedPredicate<JavaAccess<?>> call(Class<?> owner, String name) {
        return targetOwner(type(owner)).and(target(nameMatching(name)));
    }
}
