import { driverContract } from './contract.suite.ts'

await driverContract('nxtedition-rocksdb')
