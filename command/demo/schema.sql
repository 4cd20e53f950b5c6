-- Nine tables of MIMIC-III 1.4, with its names and types. Keys and indexes come after the rows (indexes.sql).

create table patients (
    row_id int not null,
    subject_id int not null,
    gender varchar(5) not null,
    dob timestamp(0) not null,
    dod timestamp(0),
    dod_hosp timestamp(0),
    dod_ssn timestamp(0),
    expire_flag int not null
);

create table admissions (
    row_id int not null,
    subject_id int not null,
    hadm_id int not null,
    admittime timestamp(0) not null,
    dischtime timestamp(0) not null,
    deathtime timestamp(0),
    admission_type varchar(50) not null,
    admission_location varchar(50) not null,
    discharge_location varchar(50) not null,
    insurance varchar(255) not null,
    language varchar(10),
    religion varchar(50),
    marital_status varchar(50),
    ethnicity varchar(200) not null,
    edregtime timestamp(0),
    edouttime timestamp(0),
    diagnosis varchar(255),
    hospital_expire_flag smallint,
    has_chartevents_data smallint not null
);

create table icustays (
    row_id int not null,
    subject_id int not null,
    hadm_id int not null,
    icustay_id int not null,
    dbsource varchar(20) not null,
    first_careunit varchar(20) not null,
    last_careunit varchar(20) not null,
    first_wardid smallint not null,
    last_wardid smallint not null,
    intime timestamp(0) not null,
    outtime timestamp(0),
    los double precision
);

create table diagnoses_icd (
    row_id int not null,
    subject_id int not null,
    hadm_id int not null,
    seq_num int,
    icd9_code varchar(10)
);

create table prescriptions (
    row_id int not null,
    subject_id int not null,
    hadm_id int not null,
    icustay_id int,
    startdate timestamp(0),
    enddate timestamp(0),
    drug_type varchar(100) not null,
    drug varchar(100) not null,
    drug_name_poe varchar(100),
    drug_name_generic varchar(100),
    formulary_drug_cd varchar(120),
    gsn varchar(200),
    ndc varchar(120),
    prod_strength varchar(120),
    dose_val_rx varchar(120),
    dose_unit_rx varchar(120),
    form_val_disp varchar(120),
    form_unit_disp varchar(120),
    route varchar(120)
);

create table labevents (
    row_id int not null,
    subject_id int not null,
    hadm_id int,
    itemid int not null,
    charttime timestamp(0),
    value varchar(200),
    valuenum double precision,
    valueuom varchar(20),
    flag varchar(20)
);

create table caregivers (
    row_id int not null,
    cgid int not null,
    label varchar(15),
    description varchar(30)
);

create table d_icd_diagnoses (
    row_id int not null,
    icd9_code varchar(10) not null,
    short_title varchar(50) not null,
    long_title varchar(255) not null
);

create table d_labitems (
    row_id int not null,
    itemid int not null,
    label varchar(100) not null,
    fluid varchar(100) not null,
    category varchar(100) not null,
    loinc_code varchar(100)
);
