package io.sallyport.audit.verify;

import io.sallyport.identity.Uuids;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Leaves whose records are gone, and what records say about that: retention drops whole months, and
 * before it does it says so in the log itself, which is signed. What no such record accounts for
 * was removed. Bounded: months and a few names are kept, whatever is missing.
 */
final class MissingRecords {

  private static final class Month {
    private final List<String> names = new ArrayList<>();
    private long count;
    private boolean accounted;
  }

  private record Drop(ExportLine.Dropped what, String name) {}

  private final Map<YearMonth, Month> months = new TreeMap<>();
  private final List<Drop> drops = new ArrayList<>();

  void add(String id, String name) {
    Month month =
        months.computeIfAbsent(
            YearMonth.from(Uuids.timeOf(UUID.fromString(id)).atOffset(ZoneOffset.UTC)),
            each -> new Month());
    month.count++;
    if (month.names.size() < Report.MOST) {
      month.names.add(name);
    }
  }

  void dropped(ExportLine.Dropped what, String name) {
    drops.add(new Drop(what, name));
  }

  void judge(Consumer<String> wrong, Consumer<String> remark) {
    for (Drop drop : drops) {
      long gone = 0;
      for (var each : months.entrySet()) {
        if (isWithin(each.getKey(), drop.what())) {
          each.getValue().accounted = true;
          gone += each.getValue().count;
        }
      }
      if (gone > drop.what().records()) {
        wrong.accept(
            "%d records are gone of those that retention dropped %d of, says %s"
                .formatted(gone, drop.what().records(), drop.name()));
      } else if (gone > 0) {
        remark.accept(
            "%d records were dropped by retention, says %s; they are in the archive of SHA-256 %s"
                .formatted(gone, drop.name(), drop.what().archive()));
      }
    }
    for (Month month : months.values()) {
      if (!month.accounted) {
        month.names.forEach(name -> wrong.accept(name + " was removed"));
        if (month.count > month.names.size()) {
          wrong.accept(
              "and %d more of that month were removed".formatted(month.count - month.names.size()));
        }
      }
    }
  }

  /** Partitions begin and end with a month, so one that holds its bounds holds all of it. */
  private static boolean isWithin(YearMonth month, ExportLine.Dropped range) {
    return range.first().compareTo(lowest(month)) <= 0
        && range.beyond().compareTo(lowest(month.plusMonths(1))) >= 0;
  }

  private static String lowest(YearMonth month) {
    return Uuids.lowest(month.atDay(1).atStartOfDay().toInstant(ZoneOffset.UTC)).toString();
  }
}
