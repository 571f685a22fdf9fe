package io.sallyport.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnchorFileTest {

  private static final TestAuthority FIRST = TestAuthority.root("First");
  private static final TestAuthority SECOND = TestAuthority.root("Second");

  @TempDir Path folder;

  @Test
  void readsABundleWithoutItsRepetitions() throws IOException {
    Path file = write("# ours\n" + FIRST.pem() + SECOND.pem() + FIRST.pem());

    assertThat(AnchorFile.read(file)).containsExactly(FIRST.certificate(), SECOND.certificate());
  }

  @Test
  void namesTheFileAndTheBlockThatIsNoCertificate() throws IOException {
    Path file = write(FIRST.pem() + FIRST.leaf("laptop").keyPem());

    assertThatIllegalArgumentException()
        .isThrownBy(() -> AnchorFile.read(file))
        .withMessageContainingAll(file.toString(), "block 2", "private key");
  }

  @Test
  void refusesALeafAsAnchor() throws IOException {
    Path file = write(FIRST.pem() + FIRST.leaf("laptop").pem());

    assertThatIllegalArgumentException()
        .isThrownBy(() -> AnchorFile.read(file))
        .withMessageContainingAll(file.toString(), "block 2", "not a CA certificate");
  }

  @Test
  void refusesAFileThatIsEmptyOrAbsent() throws IOException {
    Path empty = write("");
    Path absent = folder.resolve("absent.pem");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> AnchorFile.read(empty))
        .withMessageContaining(empty.toString());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AnchorFile.read(absent))
        .withMessageContaining(absent.toString());
  }

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("anchors.pem"), text);
  }
}
