package io.sallyport.admin.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import io.sallyport.admission.DryRun;
import io.sallyport.admission.Simulation;
import io.sallyport.admission.Simulation.Difference;
import java.io.IOException;
import java.io.OutputStream;

/** Writes what a simulation tells as lines of JSON, and sends them at each progress. */
final class SimulationLines implements Simulation.Listener {

  private final OutputStream out;
  private final JsonGenerator json;

  SimulationLines(OutputStream out) throws IOException {
    this.out = out;
    this.json = new JsonFactory().createGenerator(out);
    json.setRootValueSeparator(new SerializedString(""));
    json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
  }

  @Override
  public void progress(long done, long total) throws IOException {
    begin("progress");
    json.writeNumberField("done", done);
    json.writeNumberField("total", total);
    end();
    // Fails once the client is gone, which ends the simulation.
    json.flush();
    out.flush();
  }

  @Override
  public void differs(Difference difference) throws IOException {
    begin(difference.effect().wire());
    json.writeObjectFieldStart("device");
    json.writeStringField("id", difference.deviceId());
    json.writeStringField("name", difference.deviceName());
    json.writeEndObject();
    json.writeStringField("certificate", difference.certificate());
    if (difference.past() != null) {
      past(difference.past());
    }
    if (difference.cause() != null) {
      json.writeStringField("cause", difference.cause());
    } else {
      result("before", difference.before());
      result("after", difference.after());
    }
    end();
  }

  void summary(Simulation.Summary summary) throws IOException {
    begin("summary");
    json.writeNumberField("devices", summary.devices());
    json.writeNumberField("cases", summary.cases());
    json.writeNumberField("unchanged", summary.unchanged());
    json.writeNumberField("cutOff", summary.cutOff());
    json.writeNumberField("letIn", summary.letIn());
    json.writeNumberField("changedSegments", summary.changedSegments());
    json.writeNumberField("undecidable", summary.undecidable());
    json.writeNumberField("policyVersion", summary.policyVersion());
    json.writeStringField("took", summary.took().toString());
    end();
    json.flush();
    out.flush();
  }

  /** The status is sent: what tells the reader is this line in the summary's place. */
  void givenUp() throws IOException {
    begin("error");
    json.writeStringField("type", "urn:sallyport:problem:store_unavailable");
    json.writeStringField("title", "The simulation was given up");
    json.writeStringField("detail", "the database was too slow or away; try again later");
    end();
    json.flush();
    out.flush();
  }

  private void begin(String name) throws IOException {
    json.writeStartObject();
    json.writeObjectFieldStart(name);
  }

  private void end() throws IOException {
    json.writeEndObject();
    json.writeEndObject();
    json.writeRaw('\n');
  }

  private void past(Simulation.Past past) throws IOException {
    json.writeObjectFieldStart("decisions");
    json.writeStringField("door", past.door());
    json.writeStringField("network", past.network());
    json.writeStringField("user", past.user());
    json.writeNumberField("count", past.count());
    json.writeStringField("last", past.last().toString());
    json.writeStringField("outcome", past.outcome());
    strings("reasons", past.reasons());
    json.writeEndObject();
  }

  private void result(String name, DryRun run) throws IOException {
    json.writeObjectFieldStart(name);
    json.writeStringField("outcome", run.outcome().wire());
    strings("reasons", run.reasons());
    strings("segments", run.segments().stream().map(segment -> segment.value()).toList());
    if (run.lifetime() != null) {
      json.writeStringField("lifetime", run.lifetime().toString());
    }
    json.writeStringField("rule", run.rule());
    json.writeStringField("message", run.message());
    json.writeEndObject();
  }

  private void strings(String name, Iterable<String> values) throws IOException {
    json.writeArrayFieldStart(name);
    for (String value : values) {
      json.writeString(value);
    }
    json.writeEndArray();
  }
}
