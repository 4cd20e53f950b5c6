# One image for every stage: the command chooses which, as `python -m extractor`. See docs/deployment.md.

FROM python:3.11.13-slim-bookworm AS packages
COPY requirements.txt /build/
RUN python3 -m venv /opt/firth && /opt/firth/bin/pip install --no-cache-dir --require-hashes -r /build/requirements.txt

# The element table of FHIR R4, made from what HL7 published; neither Maven nor Java stays.
FROM python:3.11.13-slim-bookworm AS definitions
RUN apt-get update && apt-get install -y --no-install-recommends maven default-jdk-headless
COPY command/stack/java /build/command/stack/java
COPY kafka_connect_connectors/plugins/pom.xml /build/kafka_connect_connectors/plugins/
RUN mvn -B -q -C -f /build/command/stack/java/pom.xml -pl fhir package -Dout=/build
COPY mapping /build/mapping
RUN cd /build && python3 -m mapping.r4_build fhir/r4-definitions.jar r4.json

FROM python:3.11.13-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home firth
COPY --from=packages /opt/firth /opt/firth
COPY --from=definitions /build/r4.json /firth/r4.json
COPY pipeline /firth/pipeline
COPY mapping /firth/mapping
COPY hl7v2/src/hl7v2 /firth/hl7v2
COPY api /firth/api
COPY extractor /firth/extractor
COPY transformer /firth/transformer
COPY loader /firth/loader
WORKDIR /firth
# A crash in a client's C code says in the log where it was. What is written beside the code would be lost.
ENV PATH=/opt/firth/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONFAULTHANDLER=1 \
    PYTHONUNBUFFERED=1 \
    FHIR_DEFINITIONS=/firth/r4.json
USER 10001:10001
CMD ["python", "-c", "import sys; sys.exit('say which stage: python -m api, extractor, transformer or loader')"]
