import { driverContract } from './contract.suite.ts'

await driverContract('node-sqlite')
