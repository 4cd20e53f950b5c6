-- MIMIC-III's keys, and the indexes that a join or a look-up wants. Made once the rows are in: several times faster.

alter table patients add primary key (row_id), add unique (subject_id);
alter table admissions add primary key (row_id), add unique (hadm_id);
alter table icustays add primary key (row_id), add unique (icustay_id);
alter table diagnoses_icd add primary key (row_id);
alter table prescriptions add primary key (row_id);
alter table labevents add primary key (row_id);
alter table caregivers add primary key (row_id), add unique (cgid);
alter table d_icd_diagnoses add primary key (row_id), add unique (icd9_code);
alter table d_labitems add primary key (row_id), add unique (itemid);

create index on admissions (subject_id);
create index on icustays (hadm_id);
create index on diagnoses_icd (hadm_id);
create index on prescriptions (hadm_id);
create index on labevents (hadm_id);
create index on labevents (itemid);
