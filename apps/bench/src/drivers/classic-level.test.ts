import { driverContract } from './contract.suite.ts'

await driverContract('classic-level')
