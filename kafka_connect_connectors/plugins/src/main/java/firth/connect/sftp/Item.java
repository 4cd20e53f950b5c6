package firth.connect.sftp;

import org.apache.kafka.connect.data.SchemaAndValue;

/**
 * A record of a file, or a line that is none.
 *
 * @param line the number of its first line, from 1
 * @param place where reading goes on behind it
 * @param bytes how many it takes in the file
 * @param key null where it was refused
 * @param value what goes into the topic; of a line that was refused its content as it stands, as far as is kept
 * @param refusal null where it is a record
 */
record Item(long line, Place place, int bytes, SchemaAndValue key, SchemaAndValue value, Refusal refusal) {}
