package io.sallyport.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTest {

  private static final long ROOMY = 1 << 20;

  private final Samples samples = new Samples();
  private final RecordEncoder encoder = new RecordEncoder(Samples.RANDOM, "replica-1");

  @TempDir Path folder;

  @Test
  void handsOutWhatItTookAfterAnotherStart() throws Exception {
    List<EncodedRecord> records = refusals(600);
    var killed = new Spool(folder.resolve("a/spool"), ROOMY * 8);
    assertThat(killed.append(records)).isEmpty();

    var replayed = new ArrayList<EncodedRecord>();
    try (var spool = new Spool(folder.resolve("a/spool"), ROOMY * 8)) {
      assertThat(spool.bytes()).isEqualTo(killed.bytes()).isPositive();
      spool.replay(replayed::addAll);
      assertThat(spool.isEmpty()).isTrue();
      assertThat(spool.bytes()).isZero();
    }
    assertThat(replayed)
        .usingElementComparator(SpoolTest::compare)
        .containsExactlyElementsOf(records);
    assertThat(files(folder.resolve("a/spool"))).isEmpty();
  }

  @Test
  void toleratesATornTail() throws Exception {
    List<EncodedRecord> records = refusals(3);
    var killed = new Spool(folder, ROOMY);
    killed.append(records);
    Path file = files(folder).getFirst();
    byte[] whole = Files.readAllBytes(file);
    byte[] torn = Arrays.copyOf(whole, whole.length - 5);
    Files.write(file, torn);

    var replayed = new ArrayList<EncodedRecord>();
    new Spool(folder, ROOMY).replay(replayed::addAll);
    assertThat(replayed)
        .usingElementComparator(SpoolTest::compare)
        .containsExactlyElementsOf(records.subList(0, 2));
    assertThat(files(folder)).isEmpty();
  }

  @Test
  void toleratesATailOfGarbage() throws Exception {
    List<EncodedRecord> records = refusals(2);
    new Spool(folder, ROOMY).append(records);
    Files.write(
        files(folder).getFirst(),
        new byte[] {0, 0, 0, 1, 9, 9, 9, 9, 9},
        StandardOpenOption.APPEND);
    var replayed = new ArrayList<EncodedRecord>();
    new Spool(folder, ROOMY).replay(replayed::addAll);
    assertThat(replayed).hasSize(2);
  }

  @Test
  void keepsAFileUntilAllOfItWasTakenOver() {
    var spool = new Spool(folder, ROOMY);
    spool.append(refusals(300));
    var batches = new ArrayList<Integer>();
    assertThatThrownBy(
            () ->
                spool.replay(
                    batch -> {
                      batches.add(batch.size());
                      if (batches.size() == 2) {
                        throw new Spool.UnavailableException(
                            new IllegalStateException("gone again"));
                      }
                    }))
        .isInstanceOf(Spool.UnavailableException.class);
    assertThat(batches).containsExactly(256, 44);
    assertThat(spool.isEmpty()).isFalse();
    assertThat(files(folder)).hasSize(1);
  }

  @Test
  void takesNoMoreThanItsCapacity() {
    var spool = new Spool(folder, 4_000);
    List<EncodedRecord> records = refusals(10);
    List<EncodedRecord> left = spool.append(records);
    assertThat(left).isNotEmpty().hasSizeLessThan(10);
    assertThat(spool.bytes()).isLessThanOrEqualTo(4_000);
    assertThat(spool.append(left)).isEqualTo(left);
  }

  @Test
  void refusesAnAdmission() {
    var spool = new Spool(folder, ROOMY);
    assertThatThrownBy(() -> spool.append(List.of(encoder.encode(samples.admitted()))))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(files(folder)).isEmpty();
  }

  @Test
  void leavesOutAnAdmissionThatSomebodyPutThere() throws Exception {
    ByteBuffer forged = SpoolFrame.write(encoder.encode(samples.admitted()));
    Files.write(folder.resolve("0000000000000001.spool"), forged.array());
    var replayed = new ArrayList<EncodedRecord>();
    new Spool(folder, ROOMY).replay(replayed::addAll);
    assertThat(replayed).isEmpty();
  }

  @Test
  void keepsOthersOut() throws Exception {
    Path own = folder.resolve("spool");
    new Spool(own, ROOMY).append(refusals(1));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(own)))
        .isEqualTo("rwx------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(files(own).getFirst())))
        .isEqualTo("rw-------");
  }

  @Property(tries = 300)
  void readsNothingFromNoise(@ForAll byte[] noise) {
    ByteBuffer buffer = ByteBuffer.wrap(noise);
    assertThat(SpoolFrame.read(buffer)).isEmpty();
    assertThat(buffer.position()).isZero();
  }

  private List<EncodedRecord> refusals(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> encoder.encode(samples.refused("revoked", "expired")))
        .toList();
  }

  private static List<Path> files(Path folder) {
    try (var files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int compare(EncodedRecord a, EncodedRecord b) {
    return SpoolFrame.write(a).compareTo(SpoolFrame.write(b));
  }
}
